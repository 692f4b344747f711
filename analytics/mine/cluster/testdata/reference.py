# Makes hdbscan.json with the Python package hdbscan 0.8.44: points drawn here, and their labels. Run in this folder.
import json, numpy as np, hdbscan
out=[]
for seed,(n,k,d,spread,mcs,ms) in enumerate([(300,5,2,.25,5,5),(600,8,3,.35,10,5),(900,12,8,.6,15,10),(500,6,16,.9,8,3)]):
    r=np.random.default_rng(seed); c=r.normal(0,2.2,(k,d)); y=r.integers(0,k,n)
    X=np.round(c[y]+r.normal(0,spread,(n,d))*r.uniform(.4,1.6,(k,1))[y],4); X[: n//10]=np.round(r.uniform(-5,5,(n//10,d)),4)
    h=hdbscan.HDBSCAN(min_cluster_size=mcs,min_samples=ms,algorithm='generic').fit(X)
    out.append(dict(points=X.tolist(),min_cluster_size=mcs,min_samples=ms,labels=h.labels_.tolist(),prob=np.round(h.probabilities_,6).tolist()))
    print(n,h.labels_.max()+1,(h.labels_<0).mean())
json.dump(out,open('hdbscan.json','w'),separators=(',',':'))
